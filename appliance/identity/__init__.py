"""Who somebody is: sign-in by password, OpenID Connect and LDAP, and the callers behind keys and sessions."""
