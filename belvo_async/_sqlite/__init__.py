"""One SQLite file, and the thread that works on it: what stores and journals stand on."""
