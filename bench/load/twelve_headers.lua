-- Twelve request headers, Host among them, as a browser behind a gateway sends them. They are set once: wrk then sends a
-- fixed text, and the load generator stays cheap.
wrk.headers["Host"] = "reviews.example.com"
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0"
wrk.headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
wrk.headers["Accept-Encoding"] = "gzip, deflate, br"
wrk.headers["Accept-Language"] = "en-GB,en;q=0.8"
wrk.headers["Cookie"] = "session=0d4f7a1c9be04b6f8a2f5f0a2a0c9be1; theme=dark"
wrk.headers["Referer"] = "https://www.example.com/products/42"
wrk.headers["Cache-Control"] = "no-cache"
wrk.headers["End-User"] = "jason"
wrk.headers["X-Request-Source"] = "bench"
wrk.headers["X-Tenant"] = "tenant-17"
wrk.headers["Traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
