import { Task } from '../../../src/decorators/task';
import { defineTask } from '../../../src/task/contract';

class VerificationEmail {
  to!: string;
  code!: string;
}

class ResizeImage {
  url!: string;
  width!: number;
}

const resizeImage = defineTask('media.resizeImage', { queue: 'media', payload: ResizeImage });
const sweep = defineTask('media.sweep', { queue: 'media' });

/** What the types must refuse. Nothing runs it: the compiler is the test, and complains of a mark that marks no error. */
export class Refused {
  // @ts-expect-error: the contract's payload is no VerificationEmail
  @Task(resizeImage)
  otherClass(email: VerificationEmail): string {
    return email.to;
  }

  // @ts-expect-error: the contract has no payload
  @Task(sweep)
  noPayload(email: VerificationEmail): string {
    return email.to;
  }

  // @ts-expect-error: the option names another class
  @Task({ payload: ResizeImage })
  otherOption(email: VerificationEmail): string {
    return email.to;
  }

  // @ts-expect-error: the option names a string
  @Task({ payload: String })
  notANumber(count: number): number {
    return count;
  }

  // @ts-expect-error: the second parameter is the context
  @Task()
  twoPayloads(email: VerificationEmail, name: string): string {
    return email.to + name;
  }

  // @ts-expect-error: no method
  @Task()
  property = 5;

  // @ts-expect-error: a contract says its queue itself
  @Task(resizeImage, { queue: 'other' })
  ownQueue(image: ResizeImage): string {
    return image.url;
  }

  // @ts-expect-error: unknown option
  @Task({ maxAttemps: 3 })
  mistyped(): void {}
}

// @ts-expect-error: a class that is a task has a method "handle"
@Task('x', { queue: 'x' })
export class WithoutHandle {}

// @ts-expect-error: "handle" takes another payload
@Task(resizeImage)
export class OtherHandle {
  handle(email: VerificationEmail): string {
    return email.to;
  }
}
