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
INSERT INTO "challenges" VALUES('b6c52d8b8f3cde92dcf78fdb892d709c09acad163c906c28259d3cedf9ce9022','8a6792e8393c94ee4f8dccf38ba65c03','55322dddbedd6768da915d47492bdeda45d9782d4df7188c012a57cc8363859b','open',1,1767277800500000,1767364200500000,'{"version":1,"ticket":"ticket-challenged---------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:30:00.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-3\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000003\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:00:00+00:00","institution":null,"reference":null,"answered_at":null,"claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('ebe78833e2d793f15d8cfd44cf613d8abda3dbb87fb071ca67b675caa1442be2','8a6792e8393c94ee4f8dccf38ba65c03','a85cde547b2dbea9a562e0aa654529a14a5eb6ab56da254a6f2e92546aafe866','open',1,1767277800500000,1767364200500000,'{"version":1,"ticket":"ticket-parked-------------------","parked":"{\"version\":2,\"deadline\":\"2026-01-01T14:30:00.500000+00:00\",\"left\":9000.5,\"received_at\":\"2026-01-01T11:59:54.750000+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"expiry\":9600.0,\"message\":\"A MFA token is required by the institution to login\",\"request_id\":\"0c8e5b6f4a1d4c1f9a7b3d2e1f005566\",\"session\":\"session-5\",\"link\":\"30cb4806-6e00-48a4-91c9-000000000005\",\"token_generation_data\":{\"instructions\":\"Type it\\ninto your device: \\u00f1 \\u6f22 \\ud83d\\ude00\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}},\"target\":{\"collection\":\"/api/links/\",\"query\":[],\"save_data\":null},\"update\":\"dddddddddddddddddddddddddddddddd\"}","parked_at":"2026-01-01T12:00:00+00:00","institution":null,"reference":null,"answered_at":null,"claimed_until":null,"code":null,"message":null}');
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
INSERT INTO "jobs" VALUES(1,'8a6792e8393c94ee4f8dccf38ba65c03','journal','https://sandbox.belvo.com',1,'2026-01-01T12:00:00.000000+00:00','2026-01-01T12:00:00.000000+00:00','it was stopped',9,0,NULL,NULL,NULL);
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
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000001','queued',1,'2026-01-01T12:00:00.000000+00:00',NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000002','submitted',2,'2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000001+00:00',1,NULL,NULL,NULL,NULL,0,NULL,'ca7bfac6b783ee29',NULL,1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000003','challenged',3,'2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000002+00:00',1,'ticket-challenged---------------','2026-01-01T14:30:00.500000+00:00',NULL,NULL,0,NULL,'019f7b0c140ceab1',NULL,1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000004','answered',4,'2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:01.000000+00:00',1,'ticket-answered-----------------','2026-01-01T14:30:00.500000+00:00',NULL,NULL,0,NULL,'3072aa3a2ccdabac',NULL,1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000005','parked',3,'2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000004+00:00',1,'ticket-parked-------------------','2026-01-01T14:30:00.500000+00:00',NULL,NULL,0,NULL,'95f0dcdf541ce74e',NULL,1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000006','updated',3,'2026-01-01T12:00:00.000000+00:00','gringotts_mx_retail','2026-01-01T12:00:00.000005+00:00',1,NULL,NULL,NULL,NULL,0,NULL,'43ffc52b37a1a6f2',NULL,1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000007','refused',3,'2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000006+00:00',1,NULL,NULL,'login_error','Invalid\ud83d credentials',0,NULL,'07e91b8ed24008e6','07e91b8ed24008e6',1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000008','refused',3,'2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000007+00:00',1,NULL,NULL,'institution_down','Down',1,'2026-01-01T12:30:00.000000+00:00','1e65034fac16a3bd',NULL,1);
INSERT INTO "links" VALUES(1,'30cb4806-6e00-48a4-91c9-000000000009','unsettled',3,'2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000008+00:00',1,NULL,NULL,'OutcomeUnknownError','Nobody knows',0,NULL,'40eca6109f805e4d',NULL,1);
CREATE INDEX links_by_expiry ON links (job, expires_at)
        WHERE state IN ('challenged', 'parked');
CREATE INDEX links_by_id ON links (link_id);
CREATE INDEX challenges_by_expiry ON challenges (owner, phase, expires_at);
CREATE INDEX challenges_by_link ON challenges (link, expires_at);
CREATE INDEX challenges_by_keep ON challenges (keep_until);
COMMIT;
