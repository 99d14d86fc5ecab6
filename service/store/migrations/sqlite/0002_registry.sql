-- The registry: providers, models, users, keys and what belongs to them. Columns: store/tables.h, where they are
-- explained; a test compares. owner NULL: global. Times in milliseconds since 1970, 0: not set.
-- JSON columns hold a JSON text or ''.

-- The head of the audit log's chain: how many rows there are, and the hash of the last.
ALTER TABLE registry_revision ADD COLUMN audit_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE registry_revision ADD COLUMN audit_hash BLOB NOT NULL DEFAULT x'';
-- Rows purged up to this revision are no longer listed in purges.
ALTER TABLE registry_revision ADD COLUMN purges_from INTEGER NOT NULL DEFAULT 0;

ALTER TABLE api_keys RENAME TO old_api_keys;

CREATE TABLE providers (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    base_url TEXT NOT NULL,
    credential TEXT NOT NULL,
    reference TEXT NOT NULL,
    api TEXT NOT NULL,
    api_version TEXT NOT NULL,
    auth TEXT NOT NULL,
    auth_header TEXT NOT NULL,
    headers_secret BLOB NOT NULL,
    organization TEXT NOT NULL,
    project TEXT NOT NULL,
    region TEXT NOT NULL,
    options TEXT NOT NULL,
    patterns TEXT NOT NULL,
    labels TEXT NOT NULL,
    source TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX providers_unique ON providers (coalesce(owner, ''), name) WHERE deleted_ms = 0;
CREATE INDEX providers_owner ON providers (owner, enabled);
CREATE INDEX providers_revision ON providers (revision);
CREATE INDEX providers_deleted ON providers (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE credentials (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    secret BLOB NOT NULL,
    key_id TEXT NOT NULL,
    last4 TEXT NOT NULL,
    binding TEXT NOT NULL,
    reference TEXT NOT NULL,
    priority INTEGER NOT NULL,
    source TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX credentials_unique ON credentials (coalesce(owner, ''), name) WHERE deleted_ms = 0;
CREATE INDEX credentials_owner ON credentials (owner, enabled);
CREATE INDEX credentials_revision ON credentials (revision);
CREATE INDEX credentials_deleted ON credentials (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE models (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    description TEXT NOT NULL,
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    model_id TEXT NOT NULL,
    base_model TEXT NOT NULL,
    api TEXT NOT NULL,
    api_version TEXT NOT NULL,
    auth TEXT NOT NULL,
    auth_header TEXT NOT NULL,
    headers_secret BLOB NOT NULL,
    credential TEXT NOT NULL,
    options TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    context_tokens INTEGER NOT NULL,
    max_output_tokens INTEGER NOT NULL,
    prices TEXT NOT NULL,
    temperature REAL,
    top_p REAL,
    default_max_output_tokens INTEGER NOT NULL,
    tiers TEXT NOT NULL,
    fallbacks TEXT NOT NULL,
    region TEXT NOT NULL,
    labels TEXT NOT NULL,
    aliases TEXT NOT NULL,
    tasks TEXT NOT NULL,
    speed REAL NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    deprecated_at_ms INTEGER NOT NULL,
    retires_at_ms INTEGER NOT NULL,
    successor TEXT NOT NULL,
    source TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX models_unique ON models (coalesce(owner, ''), name) WHERE deleted_ms = 0;
CREATE INDEX models_owner ON models (owner, enabled);
CREATE INDEX models_revision ON models (revision);
CREATE INDEX models_deleted ON models (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT CHECK (owner IS NULL),
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    display_name TEXT NOT NULL,
    tier TEXT NOT NULL,
    roles TEXT NOT NULL,
    subject TEXT NOT NULL,
    labels TEXT NOT NULL,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX users_unique ON users (coalesce(owner, ''), name) WHERE deleted_ms = 0;
CREATE UNIQUE INDEX users_subject ON users (subject) WHERE deleted_ms = 0 AND subject <> '';
CREATE INDEX users_revision ON users (revision);
CREATE INDEX users_deleted ON users (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE tiers (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT CHECK (owner IS NULL),
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    description TEXT NOT NULL,
    rights TEXT NOT NULL,
    limits TEXT NOT NULL,
    rank INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX tiers_unique ON tiers (coalesce(owner, ''), name) WHERE deleted_ms = 0;
CREATE INDEX tiers_revision ON tiers (revision);
CREATE INDEX tiers_deleted ON tiers (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    scopes TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX api_keys_sha256 ON api_keys (sha256);
CREATE INDEX api_keys_owner ON api_keys (owner);
CREATE INDEX api_keys_revision ON api_keys (revision);
CREATE INDEX api_keys_deleted ON api_keys (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE model_defaults (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('registry', 'tier', 'user', 'conversation')),
    subject TEXT NOT NULL,
    model TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX model_defaults_unique ON model_defaults (coalesce(owner, ''), scope, subject) WHERE deleted_ms = 0;
CREATE INDEX model_defaults_owner ON model_defaults (owner);
CREATE INDEX model_defaults_revision ON model_defaults (revision);
CREATE INDEX model_defaults_deleted ON model_defaults (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE conversations (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    model TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX conversations_unique ON conversations (coalesce(owner, ''), name) WHERE deleted_ms = 0;
CREATE INDEX conversations_owner ON conversations (owner);
CREATE INDEX conversations_revision ON conversations (revision);
CREATE INDEX conversations_deleted ON conversations (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE preferences (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    settings TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX preferences_unique ON preferences (coalesce(owner, ''), name) WHERE deleted_ms = 0;
CREATE INDEX preferences_owner ON preferences (owner);
CREATE INDEX preferences_revision ON preferences (revision);
CREATE INDEX preferences_deleted ON preferences (deleted_ms) WHERE deleted_ms > 0;

CREATE TABLE import_runs (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER NOT NULL,
    format TEXT NOT NULL,
    status TEXT NOT NULL,
    report TEXT NOT NULL,
    undone_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX import_runs_owner ON import_runs (owner);
CREATE INDEX import_runs_revision ON import_runs (revision);
CREATE INDEX import_runs_deleted ON import_runs (deleted_ms) WHERE deleted_ms > 0;

-- Names and aliases of models that are not deleted, unique per owner.
CREATE TABLE model_names (
    owner TEXT,
    name TEXT NOT NULL,
    model TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX model_names_unique ON model_names (coalesce(owner, ''), name);
CREATE INDEX model_names_model ON model_names (model);

-- When models and keys were last used: apart, so that neither revision nor etag change.
CREATE TABLE last_used (
    row_id TEXT PRIMARY KEY NOT NULL,
    ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows that went for good, for replicas that ask what changed.
CREATE TABLE purges (
    revision INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    PRIMARY KEY (revision, table_name, row_id)
) STRICT, WITHOUT ROWID;

-- What each row was before and after an import run wrote it: JSON without secrets, '' where there was no row; secrets
-- (ciphertext) beside it, where key rotation finds them.
CREATE TABLE import_changes (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT,
    run TEXT NOT NULL,
    seq INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    before_image TEXT NOT NULL,
    after_image TEXT NOT NULL,
    before_secret BLOB NOT NULL,
    after_secret BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX import_changes_run ON import_changes (run, seq);
CREATE INDEX import_changes_owner ON import_changes (owner);

-- Who changed what. hash: SHA-256 over the hash before and the row's content.
CREATE TABLE audit_log (
    seq INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    user_id TEXT NOT NULL,
    peer TEXT NOT NULL,
    action TEXT NOT NULL,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    row_name TEXT NOT NULL,
    row_owner TEXT NOT NULL,
    before_image TEXT NOT NULL,
    after_image TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_log_row ON audit_log (row_id);
CREATE INDEX audit_log_actor ON audit_log (actor);
CREATE INDEX audit_log_at ON audit_log (at_ms);
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;

-- The keys there were: a user for each name, with the roles of its first key.
INSERT INTO users (id, owner, name, revision, created_ms, updated_ms, deleted_ms, display_name, tier, roles, subject,
    labels, disabled)
SELECT 'user-' || id, NULL, name, (SELECT revision FROM registry_revision), created_ms, created_ms, 0, '', '',
    CASE WHEN roles & 8 THEN '["admin"]' WHEN roles & 4 THEN '["operator"]' WHEN roles & 2 THEN '["auditor"]'
    ELSE '["user"]' END, '', '', 0
FROM old_api_keys WHERE id = (SELECT min(k.id) FROM old_api_keys k WHERE k.name = old_api_keys.name);
INSERT INTO api_keys (id, owner, name, revision, created_ms, updated_ms, deleted_ms, sha256, scopes, expires_ms,
    revoked_ms)
SELECT k.id, u.id, k.name, u.revision, k.created_ms, k.created_ms, 0, k.sha256, '', 0, k.revoked_ms
FROM old_api_keys k JOIN users u ON u.name = k.name;
DROP TABLE old_api_keys;
