"""The command `demo`: two jobs on the embedded sandbox, judged by what the sandbox saw."""
