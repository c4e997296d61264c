"""Rights on rows (PostgreSQL): which entries a login may append, and which rows that say who it is it may not touch.

The program checks all this too. Here it is checked of those who have a login of their own and write past the program.
A login is somebody's where a user of that login is in the table of users; of any other, as of a worker's that serves
all, only the chain is checked. What is asked about is the log itself, which no login can change.
"""

from collections.abc import Iterator

from engine.core.case import SYSTEM

STAND_IN = "stand_in"
"""The role of those who may act for others; both names are in the log."""

FIXED = ("many_writers", "origin", "sandbox")
"""Settings that are written when a home is made, and never again."""

OPEN_TO_RECUSED = ("note", "recuse", "refused", "skipped")
"""Kinds of entry that somebody who is recused may bring about (`engine/core/rights.py`), or is only told by."""

MAY_APPEND = f"""CREATE OR REPLACE FUNCTION may_append(ref text, number bigint, line text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    told json := line::json;
    before record;
    mine record;
BEGIN
    SELECT e.n, e.line, e.at INTO before FROM entries e WHERE e.case_ref = ref ORDER BY e.n DESC LIMIT 1;
    IF before.n IS NULL THEN
        IF number <> 1 OR (told ->> 'prev') IS DISTINCT FROM encode(sha256(convert_to(
            'genesis' || chr(10) || coalesce((SELECT value FROM settings WHERE name = 'origin'), 'skede')
            || chr(10) || ref, 'UTF8')), 'base64') THEN
            RETURN false;
        END IF;
    ELSIF number <> before.n + 1 OR (told ->> 'prev') IS DISTINCT FROM
            encode(sha256('\\x00'::bytea || convert_to(before.line, 'UTF8')), 'base64')
        OR (ref NOT LIKE '@%' AND (told ->> 'at') COLLATE "C" < before.at) THEN
        RETURN false;
    END IF;
    SELECT 'u:' || u.id AS id, 'p:' || u.person_id AS person INTO mine FROM users u WHERE u.login = session_user::text;
    IF mine.id IS NULL OR told ->> 'act' = 'refused' THEN
        RETURN true;
    END IF;
    IF told ->> 'actor' NOT IN ('{SYSTEM}', mine.id)
        AND NOT EXISTS (SELECT FROM settings WHERE name = 'sandbox' AND value = '1')
        AND NOT EXISTS (SELECT FROM grants g WHERE 'u:' || g.user_id = mine.id AND g.role = '{STAND_IN}') THEN
        RETURN false;
    END IF;
    RETURN told ->> 'role' IS NOT DISTINCT FROM '{SYSTEM}' OR told ->> 'act' IN {OPEN_TO_RECUSED} OR NOT coalesce((
        SELECT (e.line::jsonb -> 'body' -> 'recused') ? mine.person FROM entries e
        WHERE e.case_ref = ref AND e.kind = 'recuse' ORDER BY e.n DESC LIMIT 1), false);
END$$"""
"""Whether the login that asks may append a line: it continues its chain, is its own, and of no case it is recused in.

What an event elsewhere brings about here is the system's (its role says so), also where who fired it is recused.
"""

REFUSE_OWN = f"""CREATE OR REPLACE FUNCTION refuse_own() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    one jsonb;
BEGIN
    IF pg_has_role(session_user, 'skede_owner', 'MEMBER') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    FOREACH one IN ARRAY ARRAY[to_jsonb(OLD), to_jsonb(NEW)] LOOP
        IF (TG_TABLE_NAME = 'users' AND one ->> 'login' = session_user::text)
            OR (TG_TABLE_NAME = 'settings' AND one ->> 'name' IN {FIXED})
            OR (TG_TABLE_NAME = 'grants' AND EXISTS (
                SELECT FROM users u WHERE u.id::text = one ->> 'user_id' AND u.login = session_user::text)) THEN
            RAISE insufficient_privilege USING MESSAGE = 'nobody changes who they are: ' || TG_TABLE_NAME;
        END IF;
    END LOOP;
    RETURN coalesce(NEW, OLD);
END$$"""
"""Keeps a login from its own user and roles, by which it is judged, and everybody from what says which log this is."""

FUNCTIONS = ("may_append(text, bigint, text)", "refuse_own()")
_GUARDED = ("users", "grants", "settings")
TRIGGERS = tuple(f"{table}_own" for table in _GUARDED)


def statements() -> Iterator[str]:
    """What makes the rights; may be done again."""
    yield MAY_APPEND
    yield REFUSE_OWN
    rules = {"read": "FOR SELECT USING (true)", "append": "FOR INSERT WITH CHECK (may_append(case_ref, n, line))"}
    for name, rule in rules.items():
        yield f"DROP POLICY IF EXISTS entries_{name} ON entries"
        yield f"CREATE POLICY entries_{name} ON entries {rule}"
    yield "ALTER TABLE entries ENABLE ROW LEVEL SECURITY"
    yield "ALTER TABLE entries FORCE ROW LEVEL SECURITY"
    for table in _GUARDED:
        yield (
            f"CREATE OR REPLACE TRIGGER {table}_own BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_own()"
        )
