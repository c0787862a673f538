"""The same files on an object store that speaks S3: chosen by `STORAGE_URL` alone."""
