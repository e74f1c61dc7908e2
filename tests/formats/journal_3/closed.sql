PRAGMA application_id = 1650814070;
PRAGMA user_version = 3;
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
    ) WITHOUT ROWID;
CREATE TABLE client (digest TEXT NOT NULL, environment TEXT NOT NULL);
INSERT INTO "client" VALUES('8a6792e8393c94ee4f8dccf38ba65c03','https://sandbox.belvo.com');
CREATE TABLE links (
        link_id TEXT PRIMARY KEY NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'submitted', 'challenged', 'answered', 'parked',
            'updated', 'refused', 'unsettled')),
        at TEXT NOT NULL,
        institution TEXT,
        submitted_at TEXT,
        logins INTEGER NOT NULL DEFAULT 0,
        ticket TEXT,
        parked TEXT,
        expires_at TEXT,
        code TEXT,
        message TEXT,
        may_retry INTEGER NOT NULL DEFAULT 0,
        retry_at TEXT,
        credentials TEXT,
        refused TEXT,
        run INTEGER NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000001','queued','2026-01-01T12:00:00.000000+00:00',NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000002','submitted','2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000001+00:00',1,NULL,NULL,NULL,NULL,NULL,0,NULL,'ca7bfac6b783ee29',NULL,1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000003','challenged','2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000002+00:00',1,'ticket-challenged','{"version":2,"deadline":"2026-01-01T14:30:00.500000+00:00","left":9000.5,"received_at":"2026-01-01T11:59:54.750000+00:00","rounds":0,"restarts":0,"challenge":{"expiry":9600.0,"message":"A MFA token is required by the institution to login","request_id":"0c8e5b6f4a1d4c1f9a7b3d2e1f005566","session":"session-3","link":"30cb4806-6e00-48a4-91c9-000000000003","token_generation_data":{"instructions":"Type it\ninto your device: \u00f1 \u6f22 \ud83d\ude00","type":"numeric","value":"12345","expects_user_input":true}},"target":{"collection":"/api/links/","query":[],"save_data":null},"update":"dddddddddddddddddddddddddddddddd"}','2026-01-01T14:30:00.500000+00:00',NULL,NULL,0,NULL,'019f7b0c140ceab1',NULL,1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000004','answered','2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:01.000000+00:00',1,'ticket-answered','{"version":2,"deadline":"2026-01-01T14:30:00.500000+00:00","left":9000.5,"received_at":"2026-01-01T11:59:54.750000+00:00","rounds":0,"restarts":0,"challenge":{"expiry":9600.0,"message":"A MFA token is required by the institution to login","request_id":"0c8e5b6f4a1d4c1f9a7b3d2e1f005566","session":"session-4","link":"30cb4806-6e00-48a4-91c9-000000000004","token_generation_data":{"instructions":"Type it\ninto your device: \u00f1 \u6f22 \ud83d\ude00","type":"numeric","value":"12345","expects_user_input":true}},"target":{"collection":"/api/links/","query":[],"save_data":null},"update":"dddddddddddddddddddddddddddddddd"}','2026-01-01T14:30:00.500000+00:00',NULL,NULL,0,NULL,'3072aa3a2ccdabac',NULL,1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000005','parked','2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000004+00:00',1,'ticket-parked','{"version":2,"deadline":"2026-01-01T14:30:00.500000+00:00","left":9000.5,"received_at":"2026-01-01T11:59:54.750000+00:00","rounds":0,"restarts":0,"challenge":{"expiry":9600.0,"message":"A MFA token is required by the institution to login","request_id":"0c8e5b6f4a1d4c1f9a7b3d2e1f005566","session":"session-5","link":"30cb4806-6e00-48a4-91c9-000000000005","token_generation_data":{"instructions":"Type it\ninto your device: \u00f1 \u6f22 \ud83d\ude00","type":"numeric","value":"12345","expects_user_input":true}},"target":{"collection":"/api/links/","query":[],"save_data":null},"update":"dddddddddddddddddddddddddddddddd"}','2026-01-01T14:30:00.500000+00:00',NULL,NULL,0,NULL,'95f0dcdf541ce74e',NULL,1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000006','updated','2026-01-01T12:00:00.000000+00:00','gringotts_mx_retail','2026-01-01T12:00:00.000005+00:00',1,NULL,NULL,NULL,NULL,NULL,0,NULL,'43ffc52b37a1a6f2',NULL,1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000007','refused','2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000006+00:00',1,NULL,NULL,NULL,'login_error','Invalid\ud83d credentials',0,NULL,'07e91b8ed24008e6','07e91b8ed24008e6 ',1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000008','refused','2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000007+00:00',1,NULL,NULL,NULL,'institution_down','Down',1,'2026-01-01T12:30:00.000000+00:00','1e65034fac16a3bd',NULL,1);
INSERT INTO "links" VALUES('30cb4806-6e00-48a4-91c9-000000000009','unsettled','2026-01-01T12:00:00.000000+00:00','erebor_mx_retail','2026-01-01T12:00:00.000008+00:00',1,NULL,NULL,NULL,'OutcomeUnknownError','Nobody knows',0,NULL,'40eca6109f805e4d',NULL,1);
CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        reason TEXT,
        total INTEGER
    );
INSERT INTO "runs" VALUES(1,'2026-01-01T12:00:00.000000+00:00','2026-01-01T12:00:00.000000+00:00','it was stopped',9);
CREATE UNIQUE INDEX links_by_ticket ON links (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX links_by_expiry ON links (expires_at) WHERE state IN ('challenged', 'parked');
CREATE INDEX challenges_by_expiry ON challenges (owner, phase, expires_at);
CREATE INDEX challenges_by_link ON challenges (link, expires_at);
CREATE INDEX challenges_by_keep ON challenges (keep_until);
COMMIT;
