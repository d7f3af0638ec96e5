/** What a job has of the process that started it. */
export interface JobControl {
  /** Says that it is prepared, with what the other side has to know. */
  ready(value?: unknown): void;
  /** Resolves when it shall begin. */
  readonly go: Promise<void>;
}

/** One side of a measurement, in a process of its own, so that sender, receiver and what is measured do not share a thread. */
export type Job<Parameters, Result> = (parameters: Parameters, control: JobControl) => Promise<Result>;

export type FromParent = { readonly kind: 'start'; readonly parameters: unknown } | { readonly kind: 'go' };
export type FromJob = { readonly kind: 'ready'; readonly value: unknown } | { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'failed'; readonly error: string };
