-- Pages of models and users in the order of their names.
CREATE INDEX models_listed ON models (name, id) WHERE deleted_ms = 0;
CREATE INDEX users_listed ON users (name, id) WHERE deleted_ms = 0;
