import { invalidArgument } from '@parley/errors';
import type { ApplicationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { ApplicationPorts } from '../usecases/write-application.ts';
import { applicationProto } from './convert-application.ts';

const defaultPage = 50;
const largestPage = 200;

/** In the order of their ids; the token of the next page is the last id of this one. */
export function listApplicationsHandler({ applications }: ApplicationPorts): HandlerOf<ApplicationServiceService['listApplications']> {
  return async ({ pageSize, pageToken }, { identity: { accountId } }) => {
    if (pageSize < 0 || pageSize > largestPage) throw invalidArgument([{ field: 'page_size', description: `must be 0 to ${largestPage}` }]);
    if (!/^(AP[0-9a-f]{32})?$/.test(pageToken)) throw invalidArgument([{ field: 'page_token', description: 'is not one of this method' }]);
    const limit = pageSize === 0 ? defaultPage : pageSize;
    const found = await applications.list(accountId, pageToken, limit + 1);
    const page = found.slice(0, limit);
    const protos = page.map(async (application) => applicationProto(application, await applications.addressesOf(accountId, application.applicationId)));
    return { applications: await Promise.all(protos), nextPageToken: found.length > limit ? page.at(-1)!.applicationId : '' };
  };
}
