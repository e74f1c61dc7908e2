"""What a coordinator asks PostgreSQL, in SQL. Times are microseconds since 1970, by the clock of the server.

One record, whose kind and key are empty, says of which server the others are (`text`), and since when nothing
was forgotten (`changed_at`; 0: never).
"""

from typing import Final

_NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_SERVER: Final = """(SELECT concat_ws(' ', system_identifier,
    left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), '{schema}.records'::regclass::oid)
    FROM pg_control_system())"""
"""What the control file says of the timeline would not do: it is written some time after a takeover."""
LOOK: Final = """SELECT {server} AS server, epoch.text AS epoch, epoch.changed_at AS since,
        greatest({now}, epoch.changed_at) AS now
    FROM (VALUES (1)) AS one
    LEFT JOIN {schema}.records AS epoch ON epoch.kind = '' AND epoch.key = ''"""
READ: Final = """SELECT {server} AS server, epoch.text AS epoch, epoch.changed_at AS since,
        greatest({now}, epoch.changed_at, record.changed_at) AS now,
        record.text, record.changed_at, record.until
    FROM (VALUES (1)) AS one
    LEFT JOIN {schema}.records AS epoch ON epoch.kind = '' AND epoch.key = ''
    LEFT JOIN {schema}.records AS record ON record.kind = %(kind)s AND record.key = %(key)s"""
WRITE: Final = """INSERT INTO {schema}.records AS former (kind, key, text, changed_at, until)
    SELECT %(kind)s, %(key)s, %(text)s, %(now)s, %(until)s FROM {schema}.records AS epoch
    WHERE epoch.kind = '' AND epoch.key = '' AND epoch.text = %(server)s AND epoch.changed_at = %(since)s
        AND {server} = %(server)s
    ON CONFLICT (kind, key) DO UPDATE
    SET text = excluded.text, changed_at = excluded.changed_at, until = excluded.until
    WHERE former.text = %(former)s AND former.changed_at = %(changed_at)s"""
"""Another server may have taken over since the record was read."""
FORGET: Final = """INSERT INTO {schema}.records AS former (kind, key, text, changed_at, until)
    SELECT '', '', {server}, greatest({now}, (SELECT max(changed_at) FROM {schema}.records)), %(until)s
    ON CONFLICT (kind, key) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at
    WHERE former.text <> excluded.text"""
"""No record has a later moment, also where the clock of the server before was ahead."""
INIT: Final = """INSERT INTO {schema}.records (kind, key, text, changed_at, until)
    SELECT '', '', {server}, 0, %(until)s
    ON CONFLICT (kind, key) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at"""
READ_ALL: Final = """SELECT key, text, changed_at FROM {schema}.records
    WHERE kind = %(kind)s AND until > {now}"""
TIDY: Final = """DELETE FROM {schema}.records WHERE (kind, key) IN (
    SELECT kind, key FROM {schema}.records WHERE until < {now} FOR UPDATE SKIP LOCKED)"""
IS_READ_ONLY: Final = "SELECT current_setting('transaction_read_only') = 'on' AS is_so"


def fill(statement: str, schema: str) -> str:
    """Put the name of the schema into a statement."""
    return statement.format(schema=schema, now=_NOW, server=_SERVER.format(schema=schema))
