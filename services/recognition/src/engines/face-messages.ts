import type { Face } from '../domain/face-area.ts';

export interface FaceRequest {
  readonly id: number;
  readonly jpeg: Uint8Array;
}

export type FaceReply =
  | { readonly type: 'ready' }
  | { readonly type: 'found'; readonly id: number; readonly width: number; readonly height: number; readonly face: Face | undefined }
  | { readonly type: 'not_an_image'; readonly id: number; readonly why: string }
  | { readonly type: 'failed'; readonly id: number; readonly why: string };
