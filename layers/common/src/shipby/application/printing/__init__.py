"""Print jobs: what people asked to print, made one file, counted copy by copy."""
