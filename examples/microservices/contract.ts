import { IsInt, IsUrl, Max, Min } from 'class-validator';
import { defineTask } from 'warren';

export class ResizeImage {
  @IsUrl() url!: string;
  @IsInt() @Min(16) @Max(4_096) width!: number;
}

/** All that the producer and the workers share. In real life it is a small package of its own. */
export const resizeImage = defineTask('media.resizeImage', { queue: 'media', payload: ResizeImage });
