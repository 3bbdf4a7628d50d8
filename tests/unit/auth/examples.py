"""Settings of the sign-on that start."""

from __future__ import annotations

SECRET = "canary-of-a-proxy-0123456789abcdef"
ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/vault/50dc6c495c0c9188"

IDTOKEN = {
    "DASHBOARD_AUTH": "assertion",
    "DASHBOARD_AUTH_PRESET": "idtoken",
    "DASHBOARD_AUTH_JWKS": "https://sso.example.com/jwks",
    "DASHBOARD_AUTH_ISSUER": "https://sso.example.com",
    "DASHBOARD_AUTH_AUDIENCE": "vault",
    "DASHBOARD_ADMIN_GROUPS": "vault-admins",
}
HEADER = {
    "DASHBOARD_AUTH": "header",
    "DASHBOARD_TRUSTED_PEERS": "10.0.0.5/32, 2001:db8::/64",
    "DASHBOARD_AUTH_SECRET": SECRET,
    "DASHBOARD_VIEWER_GROUPS": "staff",
}
CLOUDFLARE = {
    **IDTOKEN,
    "DASHBOARD_AUTH_PRESET": "cloudflare",
    "DASHBOARD_AUTH_ISSUER": "https://acme.cloudflareaccess.com",
    "DASHBOARD_AUTH_JWKS": "",
}
ALB = {
    **IDTOKEN,
    "DASHBOARD_AUTH_PRESET": "alb",
    "DASHBOARD_AUTH_SIGNER": ARN,
    "DASHBOARD_AUTH_AUDIENCE": "",
    "DASHBOARD_AUTH_JWKS": "",
}

WRONG_SIGN_INS: list[tuple[dict[str, str], str, str]] = [
    *(
        (settings, f"DASHBOARD_AUTH_{name}", value)
        for name, value in (("ACR", "phrh"), ("AMR", "mfa"), ("MAX_AGE", "3600"), ("MAX_AGE", "0"))
        for settings in (
            HEADER,
            ALB,
            CLOUDFLARE,
            {**CLOUDFLARE, "DASHBOARD_AUTH_PRESET": "pomerium"},
            {**CLOUDFLARE, "DASHBOARD_AUTH_PRESET": "iap"},
        )
    ),
    (IDTOKEN, "DASHBOARD_AUTH_ACR", "phrh,,canary"),
    (IDTOKEN, "DASHBOARD_AUTH_ACR", "phrh canary"),
    (IDTOKEN, "DASHBOARD_AUTH_AMR", "mfa,"),
    *(
        (IDTOKEN, "DASHBOARD_AUTH_MAX_AGE", value)
        for value in ("canary", "1h", "-1", "+60", "59", "60.0", "1e3", "٣٦٠٠", "00", "060", "10000000")
    ),
]
"""Settings of how and when people sign in that do not start: settings, a name among them, and its value."""
