export { runService, type RunOptions } from './run-service.ts';
export { createScope, type Scope } from './scope.ts';
export { instanceId } from './instance-id.ts';
export { sendError, startHttp, type HttpHandler, type HttpOptions, type HttpRequest, type HttpServer } from './http-server.ts';
export type { UpgradeHandler, UpgradeRequest } from './upgrades.ts';
