export { errorTable, errorRow, isErrorCode, type ErrorCode, type ErrorRow, type GrpcStatus } from './error-table.ts';
export {
  ParleyError,
  parleyError,
  isParleyError,
  toParleyError,
  invalidArgument,
  type ErrorDetails,
  type ErrorOptions,
  type FieldViolation,
} from './parley-error.ts';
