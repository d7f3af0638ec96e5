/** How the subscribers of a run came and went, counted as it happens. */
export interface Comings {
  /** How often clients went of their own will: those of streams, and NATS readers. */
  left: number;
  /** How often a connection broke, or fell silent. */
  broken: number;
  /** How often an endpoint failed for a while or a subscription was paused. */
  outages: number;
}
