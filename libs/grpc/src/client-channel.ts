import { isIPv4, isIPv6 } from 'node:net';
import type { ChannelOptions } from '@grpc/grpc-js';
import { parleyError } from '@parley/errors';

/**
 * gRPC's target for one or more `host:port`, separated by commas. One name is resolved by DNS, each of its addresses is
 * used; several have to be IP addresses (or localhost) of one family: gRPC has no resolver for several names.
 * @throws ParleyError config.invalid
 */
export function channelTarget(addresses: string): string {
  const list = addresses.split(',').map((address) => address.trim().replace(/^localhost:/, '127.0.0.1:'));
  const hosts = list.map((address) => /^\[?([^\]]*)\]?:\d{1,5}$/.exec(address)?.[1] ?? '');
  if (hosts.every((host) => isIPv4(host))) {
    return `ipv4:${list.join(',')}`;
  }
  if (hosts.every((host) => isIPv6(host))) {
    return `ipv6:${list.join(',')}`;
  }
  if (list.length === 1 && hosts[0] !== '') {
    return `dns:///${list[0]}`;
  }
  throw parleyError('config.invalid', 'gRPC addresses have to be one host:port, or several ip:port of one family');
}

/** Spread over all addresses; what was not answered (UNAVAILABLE) is asked again: requests are idempotent by contract. */
const serviceConfig = {
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.1s',
        maxBackoff: '1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

export function channelOptions(maxMessageBytes: number): ChannelOptions {
  return {
    'grpc.service_config': JSON.stringify(serviceConfig),
    'grpc.enable_retries': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.min_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  };
}
