"""What a stack may look like without being broken."""
