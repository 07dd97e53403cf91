"""The room where programs get their tokens: OAuth 2, SMART backend services and app launch."""
