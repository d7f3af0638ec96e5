import { BinaryWriter } from '@bufbuild/protobuf/wire';

// Writes a network as an ONNX model (onnx/onnx.proto, IR version 8, operators of opset 17): just what the networks here need.

const irVersion = 8;
const opset = 17;
/** TensorProto.DataType.FLOAT */
const float = 1;
/** AttributeProto.AttributeType */
const attributeTypes = { float: 1, int: 2, text: 3, ints: 7 } as const;

/** An attribute of an operator; a number is an integer, `{ float }` is not. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** A dimension; a name stands for one that each run may choose. */
export type Dimension = number | string;

/** Weights in ONNX order (OIHW for a convolution). */
export interface Weights {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A network under construction; values are known by their names. */
export class OnnxGraph {
  readonly #name: string;
  readonly #graph = new BinaryWriter();
  #nodes = 0;

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, shape: readonly Dimension[]): string {
    nested(this.#graph, 11, (value) => valueInfo(value, name, shape));
    return name;
  }

  output(name: string, shape: readonly Dimension[]): void {
    nested(this.#graph, 12, (value) => valueInfo(value, name, shape));
  }

  constant(name: string, { shape, values }: Weights): string {
    nested(this.#graph, 5, (tensor) => {
      for (const size of shape) tensor.uint32(1 << 3).int64(size);
      tensor.uint32(2 << 3).int32(float);
      text(tensor, 8, name);
      tensor.uint32((9 << 3) | 2).bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    });
    return name;
  }

  /** @returns the name of its result */
  node(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, output = `${operator}${(this.#nodes += 1)}`): string {
    nested(this.#graph, 1, (node) => {
      for (const input of inputs) text(node, 1, input);
      text(node, 2, output);
      text(node, 4, operator);
      for (const [name, value] of Object.entries(attributes)) nested(node, 5, (writer) => attribute(writer, name, value));
    });
    return output;
  }

  /** The model's file. */
  finish(): Uint8Array {
    text(this.#graph, 2, this.#name);
    const model = new BinaryWriter();
    model.uint32(1 << 3).int64(irVersion);
    text(model, 2, 'parley');
    model.uint32((7 << 3) | 2).bytes(this.#graph.finish());
    nested(model, 8, (imported) => imported.uint32(2 << 3).int64(opset));
    return model.finish();
  }
}

function valueInfo(value: BinaryWriter, name: string, shape: readonly Dimension[]): void {
  text(value, 1, name);
  nested(value, 2, (type) =>
    nested(type, 1, (tensor) => {
      tensor.uint32(1 << 3).int32(float);
      nested(tensor, 2, (dimensions) => {
        for (const size of shape) nested(dimensions, 1, (dimension) => (typeof size === 'string' ? text(dimension, 2, size) : void dimension.uint32(1 << 3).int64(size)));
      });
    }),
  );
}

function attribute(writer: BinaryWriter, name: string, value: Attribute): void {
  text(writer, 1, name);
  const type = (one: keyof typeof attributeTypes) => void writer.uint32(20 << 3).int32(attributeTypes[one]);
  if (typeof value === 'number') {
    writer.uint32(3 << 3).int64(value);
    type('int');
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    type('text');
  } else if ('float' in value) {
    writer.uint32((2 << 3) | 5).float(value.float);
    type('float');
  } else {
    for (const one of value) writer.uint32(8 << 3).int64(one);
    type('ints');
  }
}

function nested(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => unknown): void {
  writer.uint32((field << 3) | 2).fork();
  write(writer);
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.uint32((field << 3) | 2).string(value);
}
