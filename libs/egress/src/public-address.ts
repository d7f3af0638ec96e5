import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Public addresses that are not what they seem: reachable from inside a cloud's network only.
 * 168.63.129.16 is Azure's platform address. (The others' metadata addresses are in ranges that are refused anyway.)
 */
const platformAddresses = new Set(['168.63.129.16']);

/** IPv6 that is routed on the internet: global unicast (RFC 4291, 2.4). Leaves out mapped, compatible, ULA, site-local. */
const globalUnicast = ipaddr.IPv6.parse('2000::');

/**
 * Whether an address is on the public internet. Not so: private, loopback, link-local (and with it the metadata
 * services), carrier-grade NAT, multicast, reserved, documentation; and IPv6 forms that carry an IPv4 address
 * (mapped, NAT64) of which that is not so, or whose meaning depends on who routes them (6to4, Teredo, compatible).
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) {
    return false;
  }
  const address = ipaddr.process(text); // IPv4-mapped becomes IPv4
  return address instanceof ipaddr.IPv4 ? isPublicIpv4(address) : isPublicIpv6(address);
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === 'unicast' && !platformAddresses.has(address.toString());
}

function isPublicIpv6(address: ipaddr.IPv6): boolean {
  if (address.match(ipaddr.IPv6.parse('64:ff9b::'), 96)) {
    return isPublicIpv4(new ipaddr.IPv4(address.toByteArray().slice(12)));
  }
  return address.match(globalUnicast, 3) && address.range() === 'unicast';
}
