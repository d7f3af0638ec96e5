import { combine } from './compile-filter.ts';
import { textOf, type Condition, type Test } from './condition.ts';
import { literalOf, type Terms } from './terms.ts';

/** Whether a condition holds for the event that the terms were read of. */
type Holds = (terms: Terms) => boolean;

interface Shared {
  readonly text: string;
  readonly terms: readonly number[];
  uses: number;
}

/** Up to so many terms are looked at one by one. */
const shortList = 8;

/**
 * Conditions by number, each of them there once however many filters have it. With very many filters, what is fetched from
 * memory is what costs.
 */
export class SharedConditions {
  readonly #terms: Terms;
  readonly #byText = new Map<string, number>();
  /** By number. */
  readonly #shared: (Shared | undefined)[] = [];
  readonly #tests: Holds[] = [];
  readonly #unused: number[] = [];

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  /** The number of a condition, which is its own until it is released. */
  acquire(condition: Condition): number {
    const text = textOf(condition);
    const known = this.#byText.get(text);
    if (known !== undefined) {
      this.#shared[known]!.uses += 1;
      return known;
    }
    const number = this.#unused.pop() ?? this.#shared.length;
    const acquired: number[] = [];
    this.#tests[number] = combine(condition, (test) => {
      const terms = test.values.map((value) => this.#terms.acquire(test, value));
      acquired.push(...terms);
      return compileTest(test, terms);
    });
    this.#shared[number] = { text, terms: acquired, uses: 1 };
    this.#byText.set(text, number);
    return number;
  }

  release(number: number): void {
    const shared = this.#shared[number]!;
    shared.uses -= 1;
    if (shared.uses > 0) return;
    for (const term of shared.terms) this.#terms.release(term);
    this.#byText.delete(shared.text);
    this.#shared[number] = undefined;
    this.#tests[number] = never;
    this.#unused.push(number);
  }

  /** Whether it holds for the event that the terms were read of. */
  holds(number: number): boolean {
    return this.#tests[number]!(this.#terms);
  }
}

function compileTest({ isNegated }: Test, terms: readonly number[]): Holds {
  const [first, ...more] = terms;
  if (first !== undefined && more.length === 0) {
    const literal = literalOf(first, isNegated);
    return ({ truths }) => truths[literal] === 1;
  }
  if (terms.length <= shortList) {
    return ({ truths }) => {
      for (const term of terms) if (truths[literalOf(term, false)] === 1) return !isNegated;
      return isNegated;
    };
  }
  // However long the list is: an event has few terms.
  const wanted = new Set(terms);
  return ({ held }) => held.some((term) => wanted.has(term)) !== isNegated;
}

const never: Holds = () => false;
