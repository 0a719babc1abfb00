"""Security headers of every response: no external resources, no frames, no caching of results, no referrer."""

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "img-src": "'self' data: blob:",  # data: small pictures inside a response; blob: the browser's preview
    "style-src": "'self'",
    "script-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in CONTENT_SECURITY_POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def add_security_headers(app: Flask) -> None:
    """Set the headers on every response; only files that are the same for every visitor may be cached."""

    @app.after_request
    def _add(response: Response) -> Response:
        response.headers.update(HEADERS)
        cacheable = request.endpoint in ("static", "site.chart", "site.example") and response.status_code < 400
        response.headers["Cache-Control"] = "no-cache" if cacheable else "no-store"
        return response
