-- What a running server has noticed and doctor reports: the last time of each kind.
CREATE TABLE service_warnings (
    kind TEXT PRIMARY KEY NOT NULL,
    seen_at INTEGER NOT NULL
);
