PRAGMA application_id = 1650814051;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE challenges (
        key TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        phase TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        keep_until INTEGER NOT NULL,
        record TEXT NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "challenges" VALUES('c57058a2f422f54673b226fcc08610af1f2100bd594f095374b58a28fb955573','00000000000000000000000000000000','open',1,1893508795000000,1893595195000000,'{"version":1,"ticket":"cccccccccccccccccccccccccccccccc","parked":"{\"version\":1,\"deadline\":\"2030-01-01T14:39:55+00:00\",\"left\":9595.0,\"received_at\":\"2030-01-01T12:00:00+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"session\":\"s-cccc\",\"link\":\"5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0\",\"expiry\":9600.0,\"message\":\"Token, please\",\"request_id\":\"r1\",\"token_generation_data\":{\"instructions\":\"Type it in\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}}}","parked_at":"2030-01-01T12:00:00+00:00","institution":"erebor_mx_retail","reference":"person 7","answered_at":null,"claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('c925ddb3882dbb69a4c82aae861d687c9307f7e50d4fb68f8f276c90655a3739','00000000000000000000000000000000','open',1,1893508855000000,1893595255000000,'{"version":1,"ticket":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","parked":"{\"version\":1,\"deadline\":\"2030-01-01T14:40:55+00:00\",\"left\":9595.0,\"received_at\":\"2030-01-01T12:01:00+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"session\":\"s-bbbb\",\"link\":\"30cb4806-6e00-48a4-91c9-ca55968576c8\",\"expiry\":9600.0,\"message\":\"Token, please\",\"request_id\":\"r1\",\"token_generation_data\":{\"instructions\":\"Type it in\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}}}","parked_at":"2030-01-01T12:01:00+00:00","institution":"erebor_mx_retail","reference":"person 7","answered_at":null,"claimed_until":null,"code":null,"message":null}');
INSERT INTO "challenges" VALUES('e254d618539fabb56c5879fc8d4dcaade79cd1f6b4815a022a15029aa210fd72','00000000000000000000000000000000','declined',2,1893508795000000,1893595195000000,'{"version":1,"ticket":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","parked":"{\"version\":1,\"deadline\":\"2030-01-01T14:39:55+00:00\",\"left\":9595.0,\"received_at\":\"2030-01-01T12:00:00+00:00\",\"rounds\":0,\"restarts\":0,\"challenge\":{\"session\":\"s-aaaa\",\"link\":\"30cb4806-6e00-48a4-91c9-ca55968576c8\",\"expiry\":9600.0,\"message\":\"Token, please\",\"request_id\":\"r1\",\"token_generation_data\":{\"instructions\":\"Type it in\",\"type\":\"numeric\",\"value\":\"12345\",\"expects_user_input\":true}}}","parked_at":"2030-01-01T12:00:00+00:00","institution":"erebor_mx_retail","reference":"person 7","answered_at":null,"claimed_until":null,"code":null,"message":null}');
CREATE INDEX challenges_by_expiry ON challenges (owner, phase, expires_at);
CREATE INDEX challenges_by_keep ON challenges (keep_until);
COMMIT;
