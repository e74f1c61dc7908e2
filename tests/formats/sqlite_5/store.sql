PRAGMA application_id = 1650814070;
PRAGMA user_version = 5;
PRAGMA journal_mode = delete;
BEGIN TRANSACTION;
CREATE TABLE challenges (
        key TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        link TEXT NOT NULL,
        phase TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        keep_until INTEGER NOT NULL,
        record TEXT NOT NULL
    );
INSERT INTO "challenges" VALUES('042c0e7b11a313dcf10fd19211ce2bc8c3d735425af264816aafb3f53a96de27','8a6792e8393c94ee4f8dccf38ba65c03','74f2c747199b26f475a98136ac1b95a2da56d8ff9a403b73a60a049d6f837edd','declined',2,1767278131500000,1767364531500000,'{"version":1,"ticket":"declined------------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:35:31.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-7\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000007\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":null,"reference":null,"answered_at":null,"claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('3e7300534dd9da7632a3dbb111a24be57da1015457ccdfa2ca14cf259b873868','8a6792e8393c94ee4f8dccf38ba65c03','b68ddc4347f00a1e73838c93444f04095fe23d963f3689bb352e27e5c66ac803','superseded',2,1767278131500000,1767364531500000,'{"version":1,"ticket":"superseded----------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:35:31.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-9\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000009\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":null,"reference":null,"answered_at":null,"claimed_until":null,"code":"link_updated","message":null}');
INSERT INTO "challenges" VALUES('680b48ec65c178c9e003a0ff18fa17d8b7b90e39e9cafb233d62eff839a9d59c','8a6792e8393c94ee4f8dccf38ba65c03','2ce03f61ee67efee2f423b63e5db759974f1bc7e89e4083d6874cd9bc58b6680','answered',3,1767278131500000,1767364531500000,'{"version":1,"ticket":"answered------------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:35:31.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-4\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000004\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":null,"reference":null,"answered_at":"2026-01-01T12:05:31+00:00","claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('7e8549caf2469c85909d90c8a1ad2a9c66132505c4cd46a88d77042555eee485','8a6792e8393c94ee4f8dccf38ba65c03','d8341d0059ab3f27cf324d1f58ab9f3679d20d57366c2b103249cee31d32ec60','unsettled',4,1767277800500000,1767364200500000,'{"version":1,"ticket":"unsettled-----------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:30:00.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-1\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000001\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:00:00+00:00","institution":null,"reference":null,"answered_at":"2026-01-01T12:00:00+00:00","claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('8ee534347fba228ac75c8609a8de91cb4d4daea6faea140ef39338e67569ce2b','8a6792e8393c94ee4f8dccf38ba65c03','55322dddbedd6768da915d47492bdeda45d9782d4df7188c012a57cc8363859b','claimed',2,1767278131500000,1767364531500000,'{"version":1,"ticket":"claimed-------------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:35:31.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-3\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000003\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":null,"reference":null,"answered_at":null,"claimed_until":"2026-01-01T12:06:31+00:00","code":null,"message":null}');
INSERT INTO "challenges" VALUES('acbc148c9ec914b06b1ceff1b075506b323d59ad83e81507914f4c779ce56b06','8a6792e8393c94ee4f8dccf38ba65c03','36f8bf9c93232841bcea2a3bb98ac0a57aafdf3fa513cb5c9103950873b4a009','refused',4,1767278131500000,1767364531500000,'{"version":1,"ticket":"refused-------------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:35:31.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-6\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000006\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":null,"reference":null,"answered_at":"2026-01-01T12:05:31+00:00","claimed_until":null,"code":"login_error","message":"Belvo answered PATCH /api/links/ with status 400: Invalid credentials"}');
INSERT INTO "challenges" VALUES('b68ce65a0be90891603ebde130f28f94aecdb5e7ed1d98dffaf209e5410fe04a','8a6792e8393c94ee4f8dccf38ba65c03','a85cde547b2dbea9a562e0aa654529a14a5eb6ab56da254a6f2e92546aafe866','updated',4,1767278131500000,1767364531500000,'{"version":1,"ticket":"updated-------------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:35:31.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-5\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000005\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":null,"reference":null,"answered_at":"2026-01-01T12:05:31+00:00","claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('c80425b48ccdefb590f8d2fa4e32ce4a669c7776c9b8343c45e52e2aaa2e0232','8a6792e8393c94ee4f8dccf38ba65c03','b10a2b2a97384956b56cd8b1d642435ae92f73f6b019d02172043960ba6547b1','open',4,1767269726000000,1767356126000000,'{"version":1,"ticket":"asked_again---------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T12:15:26+00:00\",\"left\":595.0,\"received_at\":\"2026-01-01T12:05:31+00:00\",\"rounds\":1,\"restarts\":0,\"challenge\":{\"expiry\":600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-again\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000008\",\"token_generation_data\":{\"instructions\":\"Use this code to generate the token\",\"type\":\"text\",\"value\":\"What is the name of your first dog?\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":null,"reference":null,"answered_at":"2026-01-01T12:05:31+00:00","claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('f9b0d282785b7c7d1970a4dd60a814703c072338a68b8e9e5fa9fce3f78e1889','8a6792e8393c94ee4f8dccf38ba65c03','e2ca2e56298793ef5c416020677ee95bc1b71f5d7beb5f058771b399369ae5c0','open',1,1767278131500000,1767364531500000,'{"version":1,"ticket":"open----------------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:35:31.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-2\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000002\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:05:31+00:00","institution":"heimdall_mx_retail","reference":"user 7","answered_at":null,"claimed_until":null,"code":null,"message":null}');
CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        environment TEXT NOT NULL,
        runs INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        reason TEXT,
        total INTEGER,
        is_paused INTEGER NOT NULL DEFAULT 0,
        purpose TEXT,
        output_end INTEGER,
        output_digest TEXT,
        UNIQUE (owner, name)
    );
CREATE TABLE links (
        job INTEGER NOT NULL,
        link_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'submitted', 'challenged', 'answered', 'parked',
            'updated', 'retrieved', 'refused', 'unsettled')),
        version INTEGER NOT NULL,
        at TEXT NOT NULL,
        institution TEXT,
        submitted_at TEXT,
        logins INTEGER NOT NULL DEFAULT 0,
        ticket TEXT,
        expires_at TEXT,
        code TEXT,
        message TEXT,
        may_retry INTEGER NOT NULL DEFAULT 0,
        retry_at TEXT,
        credentials TEXT,
        refused TEXT,
        run INTEGER NOT NULL,
        PRIMARY KEY (job, link_id)
    ) WITHOUT ROWID;
CREATE INDEX links_by_expiry ON links (job, expires_at)
        WHERE state IN ('challenged', 'parked');
CREATE INDEX links_by_id ON links (link_id);
CREATE INDEX challenges_by_expiry ON challenges (owner, phase, expires_at);
CREATE INDEX challenges_by_link ON challenges (link, expires_at);
CREATE INDEX challenges_by_keep ON challenges (keep_until);
COMMIT;
