"""The command `demo`: updates and a job on the embedded sandbox."""
