//! Sign-in, the token and its expiry, sign-out.
