"""The console: pages for sellers, packers and support, made on the server."""
