"""What AWS Lambda hands to handlers: SQS batches and stream records. Nothing is imported here, for cold starts."""
