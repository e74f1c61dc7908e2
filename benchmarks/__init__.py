"""How fast `belvo_async` is, and where its time goes."""
