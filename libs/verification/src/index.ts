export {
  longestLifetimeMs,
  makeVerificationToken,
  readVerificationToken,
  verifyVerificationToken,
  type Subscribing,
  type TokenRequest,
  type Verification,
  type VerificationKeySecret,
  type VerifiedToken,
} from './verification-token.ts';
