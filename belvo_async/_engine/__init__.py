"""One call to Belvo from its start to its end: every rule about logins lives here, once."""
