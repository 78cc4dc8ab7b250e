-- Who may do what? Run after every migration; says nothing where the roles do not exist.
--
-- nexus_worker is every worker, nexus_web the pages. Exchange keys: the pages may write them and
-- destroy them, and cannot read them back. The audit is written by both and changed by nobody.
-- Making the roles is the operator's part, once, as a superuser (docs/runbooks/keys.md).
DO $$
DECLARE
    who text;
BEGIN
    FOR who IN
        SELECT quote_ident(rolname) FROM pg_roles
        WHERE rolname IN ('nexus_web', 'nexus_worker')
    LOOP
        EXECUTE 'GRANT USAGE ON SCHEMA public TO ' || who;
        EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ' || who;
        EXECUTE 'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ' || who;
        EXECUTE 'REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM ' || who;
        EXECUTE 'REVOKE UPDATE, DELETE ON audit_log FROM ' || who;
        EXECUTE 'REVOKE INSERT, DELETE ON audit_head FROM ' || who;
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nexus_web') THEN
        RETURN;
    END IF;

    REVOKE ALL ON api_keys, key_drops, vault_secrets, key_openings FROM nexus_web;
    GRANT SELECT (
        account_id, version, kid, last4, permissions, ip_restricted, created_at, last_used_at,
        destroyed_at
    ) ON api_keys TO nexus_web;
    GRANT UPDATE (wrap_nonce, wrapped_dek, nonce, ciphertext, destroyed_at), DELETE
        ON api_keys TO nexus_web;
    GRANT SELECT (
        id, user_id, account_id, replaces, venue, label, egress, kind, public_key, status, code,
        sentence, network, lease_until, created_at, expires_at
    ) ON key_drops TO nexus_web;
    GRANT INSERT, UPDATE, DELETE ON key_drops TO nexus_web;
    GRANT SELECT (name, public) ON vault_secrets TO nexus_web;
END
$$;
