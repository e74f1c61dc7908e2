"""Values to HTTP and back: pure, and all that is known of the forms on the wire."""
