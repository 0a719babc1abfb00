"""What every answer says to the browser: load nothing from elsewhere, frame nothing, keep nothing, tell nobody."""

from flask import Flask, Response, request

POLICY = {
    "default-src": "'none'",
    "img-src": "'self' data: blob:",  # data: small pictures inside an answer; blob: the preview, made by the browser
    "style-src": "'self'",
    "script-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def guard(app: Flask) -> None:
    """Put the headers on every answer of the application; only files that are the same for everybody may be kept."""

    @app.after_request
    def _add(response: Response) -> Response:
        response.headers.update(HEADERS)
        kept = request.endpoint in ("static", "site.chart", "site.example") and response.status_code < 400
        response.headers["Cache-Control"] = "no-cache" if kept else "no-store"
        return response
