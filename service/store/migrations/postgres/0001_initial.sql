-- The registry. Columns: store/tables.h, where they are explained; a test compares. owner NULL: global. Times in
-- milliseconds since 1970, 0: not set. JSON columns hold a JSON text or ''. Texts compare by bytes, as in SQLite.
--
-- Two roles, made before this runs: sluice_app (requests; row-level security holds for it) and sluice_sync (the
-- loader of snapshots and key rotation). Every transaction takes one of them (SET LOCAL ROLE) and says in
-- sluice.user, sluice.admin and sluice.auditor for whom it works.

-- The number of the last write, in one row that every write updates first: commit order is revision order. Beside it
-- the head of the audit log's chain, and the revision up to which purges are no longer listed.
CREATE TABLE registry_revision (
    only_row smallint PRIMARY KEY CHECK (only_row = 1),
    revision bigint NOT NULL,
    audit_seq bigint NOT NULL DEFAULT 0,
    audit_hash bytea NOT NULL DEFAULT '',
    purges_from bigint NOT NULL DEFAULT 0
);
INSERT INTO registry_revision (only_row, revision) VALUES (1, 0);

-- Facts about the store itself.
CREATE TABLE meta (
    name text COLLATE "C" PRIMARY KEY,
    value text COLLATE "C" NOT NULL
);

CREATE TABLE providers (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    description text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    base_url text COLLATE "C" NOT NULL,
    credential text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    api text COLLATE "C" NOT NULL,
    api_version text COLLATE "C" NOT NULL,
    auth text COLLATE "C" NOT NULL,
    auth_header text COLLATE "C" NOT NULL,
    headers_secret bytea NOT NULL,
    organization text COLLATE "C" NOT NULL,
    project text COLLATE "C" NOT NULL,
    region text COLLATE "C" NOT NULL,
    options text COLLATE "C" NOT NULL,
    patterns text COLLATE "C" NOT NULL,
    labels text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL
);
CREATE UNIQUE INDEX providers_unique ON providers (owner, name) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE INDEX providers_owner ON providers (owner, enabled);
CREATE INDEX providers_revision ON providers (revision);
CREATE INDEX providers_deleted ON providers (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE credentials (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    provider text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    last4 text COLLATE "C" NOT NULL,
    binding text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    priority bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL
);
CREATE UNIQUE INDEX credentials_unique ON credentials (owner, name) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE INDEX credentials_owner ON credentials (owner, enabled);
CREATE INDEX credentials_revision ON credentials (revision);
CREATE INDEX credentials_deleted ON credentials (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE models (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    description text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    base_url text COLLATE "C" NOT NULL,
    model_id text COLLATE "C" NOT NULL,
    base_model text COLLATE "C" NOT NULL,
    api text COLLATE "C" NOT NULL,
    api_version text COLLATE "C" NOT NULL,
    auth text COLLATE "C" NOT NULL,
    auth_header text COLLATE "C" NOT NULL,
    headers_secret bytea NOT NULL,
    credential text COLLATE "C" NOT NULL,
    options text COLLATE "C" NOT NULL,
    capabilities text COLLATE "C" NOT NULL,
    context_tokens bigint NOT NULL,
    max_output_tokens bigint NOT NULL,
    prices text COLLATE "C" NOT NULL,
    temperature double precision,
    top_p double precision,
    default_max_output_tokens bigint NOT NULL,
    tiers text COLLATE "C" NOT NULL,
    fallbacks text COLLATE "C" NOT NULL,
    region text COLLATE "C" NOT NULL,
    labels text COLLATE "C" NOT NULL,
    aliases text COLLATE "C" NOT NULL,
    tasks text COLLATE "C" NOT NULL,
    speed double precision NOT NULL,
    enabled boolean NOT NULL,
    deprecated_at_ms bigint NOT NULL,
    retires_at_ms bigint NOT NULL,
    successor text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX models_unique ON models (owner, name) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE INDEX models_listed ON models (name, id) WHERE deleted_ms = 0;
CREATE INDEX models_owner ON models (owner, enabled);
CREATE INDEX models_revision ON models (revision);
CREATE INDEX models_deleted ON models (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE users (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C" CHECK (owner IS NULL),
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    tier text COLLATE "C" NOT NULL,
    roles text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    labels text COLLATE "C" NOT NULL,
    disabled boolean NOT NULL
);
CREATE UNIQUE INDEX users_unique ON users (owner, name) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE UNIQUE INDEX users_subject ON users (subject) WHERE deleted_ms = 0 AND subject <> '';
CREATE INDEX users_listed ON users (name, id) WHERE deleted_ms = 0;
CREATE INDEX users_revision ON users (revision);
CREATE INDEX users_deleted ON users (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE tiers (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C" CHECK (owner IS NULL),
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    description text COLLATE "C" NOT NULL,
    rights text COLLATE "C" NOT NULL,
    limits text COLLATE "C" NOT NULL,
    rank bigint NOT NULL
);
CREATE UNIQUE INDEX tiers_unique ON tiers (owner, name) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE INDEX tiers_revision ON tiers (revision);
CREATE INDEX tiers_deleted ON tiers (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE api_keys (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    scopes text COLLATE "C" NOT NULL,
    expires_ms bigint NOT NULL,
    revoked_ms bigint NOT NULL
);
CREATE UNIQUE INDEX api_keys_sha256 ON api_keys (sha256);
CREATE INDEX api_keys_owner ON api_keys (owner);
CREATE INDEX api_keys_revision ON api_keys (revision);
CREATE INDEX api_keys_deleted ON api_keys (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE model_defaults (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('registry', 'tier', 'user', 'conversation')),
    subject text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX model_defaults_unique ON model_defaults (owner, scope, subject) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE INDEX model_defaults_owner ON model_defaults (owner);
CREATE INDEX model_defaults_revision ON model_defaults (revision);
CREATE INDEX model_defaults_deleted ON model_defaults (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE conversations (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    model text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX conversations_unique ON conversations (owner, name) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE INDEX conversations_owner ON conversations (owner);
CREATE INDEX conversations_revision ON conversations (revision);
CREATE INDEX conversations_deleted ON conversations (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE preferences (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    settings text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX preferences_unique ON preferences (owner, name) NULLS NOT DISTINCT WHERE deleted_ms = 0;
CREATE INDEX preferences_owner ON preferences (owner);
CREATE INDEX preferences_revision ON preferences (revision);
CREATE INDEX preferences_deleted ON preferences (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE import_runs (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    deleted_ms bigint NOT NULL,
    format text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    report text COLLATE "C" NOT NULL,
    undone_ms bigint NOT NULL
);
CREATE INDEX import_runs_owner ON import_runs (owner);
CREATE INDEX import_runs_revision ON import_runs (revision);
CREATE INDEX import_runs_deleted ON import_runs (deleted_ms) WHERE deleted_ms > 0;

-- Names and aliases of models that are not deleted, unique per owner.
CREATE TABLE model_names (
    owner text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX model_names_unique ON model_names (owner, name) NULLS NOT DISTINCT;
CREATE INDEX model_names_model ON model_names (model);

-- When models and keys were last used: apart, so that neither revision nor etag change.
CREATE TABLE last_used (
    row_id text COLLATE "C" PRIMARY KEY,
    ms bigint NOT NULL
);

-- Rows that went for good, for replicas that ask what changed.
CREATE TABLE purges (
    revision bigint NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    row_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (revision, table_name, row_id)
);

-- What each row was before and after an import run wrote it: JSON without secrets, '' where there was no row; secrets
-- (ciphertext) beside it, where key rotation finds them.
CREATE TABLE import_changes (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C",
    run text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    row_id text COLLATE "C" NOT NULL,
    before_image text COLLATE "C" NOT NULL,
    after_image text COLLATE "C" NOT NULL,
    before_secret bytea NOT NULL,
    after_secret bytea NOT NULL
);
CREATE UNIQUE INDEX import_changes_run ON import_changes (run, seq);
CREATE INDEX import_changes_owner ON import_changes (owner);

-- Who changed what. hash: SHA-256 over the hash before and the row's content.
CREATE TABLE audit_log (
    seq bigint PRIMARY KEY,
    revision bigint NOT NULL,
    at_ms bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    peer text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    row_id text COLLATE "C" NOT NULL,
    row_name text COLLATE "C" NOT NULL,
    row_owner text COLLATE "C" NOT NULL,
    before_image text COLLATE "C" NOT NULL,
    after_image text COLLATE "C" NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX audit_log_row ON audit_log (row_id);
CREATE INDEX audit_log_actor ON audit_log (actor);
CREATE INDEX audit_log_at ON audit_log (at_ms);

CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();

-- Replicas hear of every write when it is committed.
CREATE FUNCTION registry_revision_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('sluice_revision', NEW.revision::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER registry_revision_told AFTER UPDATE OF revision ON registry_revision
    FOR EACH ROW EXECUTE FUNCTION registry_revision_notify();

-- Whose rows. Without a principal: nobody's, only global ones.
CREATE FUNCTION principal() RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('sluice.user', true), '') $$;
CREATE FUNCTION is_admin() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT coalesce(current_setting('sluice.admin', true), '') = 'on' $$;
CREATE FUNCTION is_auditor() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT coalesce(current_setting('sluice.auditor', true), '') = 'on' $$;

-- Global rows and one's own are seen; one's own are written, global ones by administrators.
DO $$
DECLARE
    t text;
    own CONSTANT text := 'owner = sluice.principal() OR (owner IS NULL AND sluice.is_admin())';
BEGIN
    FOREACH t IN ARRAY ARRAY['providers', 'credentials', 'models', 'tiers', 'model_defaults', 'conversations',
                             'preferences', 'import_runs', 'model_names', 'import_changes'] LOOP
        EXECUTE format('CREATE POLICY app_select ON %I FOR SELECT TO sluice_app '
                       'USING (owner IS NULL OR owner = sluice.principal())', t);
        EXECUTE format('CREATE POLICY app_insert ON %I FOR INSERT TO sluice_app WITH CHECK (%s)', t, own);
        EXECUTE format('CREATE POLICY app_update ON %I FOR UPDATE TO sluice_app USING (%s) WITH CHECK (%s)', t, own,
                       own);
        EXECUTE format('CREATE POLICY app_delete ON %I FOR DELETE TO sluice_app USING (%s)', t, own);
    END LOOP;
END
$$;

-- One's own keys are seen and written; administrators see and write all.
CREATE POLICY app_select ON api_keys FOR SELECT TO sluice_app USING (owner = principal() OR is_admin());
CREATE POLICY app_insert ON api_keys FOR INSERT TO sluice_app WITH CHECK (owner = principal() OR is_admin());
CREATE POLICY app_update ON api_keys FOR UPDATE TO sluice_app USING (owner = principal() OR is_admin())
    WITH CHECK (owner = principal() OR is_admin());
CREATE POLICY app_delete ON api_keys FOR DELETE TO sluice_app USING (owner = principal() OR is_admin());

-- Oneself is seen; administrators see and write all.
CREATE POLICY app_select ON users FOR SELECT TO sluice_app USING (id = principal() OR is_admin());
CREATE POLICY app_insert ON users FOR INSERT TO sluice_app WITH CHECK (is_admin());
CREATE POLICY app_update ON users FOR UPDATE TO sluice_app USING (is_admin()) WITH CHECK (is_admin());
CREATE POLICY app_delete ON users FOR DELETE TO sluice_app USING (is_admin());

-- Everybody's writes are logged; administrators and auditors read.
CREATE POLICY app_select ON audit_log FOR SELECT TO sluice_app USING (is_admin() OR is_auditor());
CREATE POLICY app_insert ON audit_log FOR INSERT TO sluice_app WITH CHECK (true);

-- The tables' owner is held to the policies, too (FORCE). A member of sluice_sync has its rights, but sees all rows only
-- while it is sluice_sync: a statement that forgot its role shows no more than one without a principal.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['providers', 'credentials', 'models', 'users', 'tiers', 'api_keys', 'model_defaults',
                             'conversations', 'preferences', 'import_runs', 'model_names', 'import_changes',
                             'audit_log'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        IF t <> 'audit_log' THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO sluice_app', t);
            EXECUTE format('GRANT SELECT ON %I TO sluice_sync', t);
            EXECUTE format('CREATE POLICY sync_select ON %I FOR SELECT TO sluice_sync '
                           'USING (current_user = ''sluice_sync'')', t);
        END IF;
    END LOOP;
    FOREACH t IN ARRAY ARRAY['providers', 'credentials', 'models', 'import_changes'] LOOP
        EXECUTE format('CREATE POLICY sync_update ON %I FOR UPDATE TO sluice_sync '
                       'USING (current_user = ''sluice_sync'') WITH CHECK (true)', t);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA sluice TO sluice_app, sluice_sync;
GRANT SELECT ON registry_revision, meta, last_used, schema_version TO sluice_app, sluice_sync;
GRANT SELECT ON purges TO sluice_sync;
GRANT INSERT, UPDATE, DELETE ON meta, last_used TO sluice_app;
GRANT INSERT, DELETE, SELECT (revision) ON purges TO sluice_app;
GRANT UPDATE ON registry_revision TO sluice_app;
GRANT SELECT, INSERT ON audit_log TO sluice_app;
GRANT UPDATE (headers_secret) ON providers, models TO sluice_sync;
GRANT UPDATE (secret, key_id) ON credentials TO sluice_sync;
GRANT UPDATE (before_secret, after_secret) ON import_changes TO sluice_sync;
