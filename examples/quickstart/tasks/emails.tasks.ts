import { IsEmail, IsNotEmpty } from 'class-validator';
import { Task, TaskQueue } from 'warren';

export class WelcomeEmail {
  @IsEmail() to!: string;
  @IsNotEmpty() name!: string;
}

/** Tasks that need no options at all. */
@TaskQueue('emails')
export class EmailTasks {
  @Task()
  async sendWelcome(email: WelcomeEmail): Promise<void> {
    await deliver(email.to, `Welcome, ${email.name}!`);
  }

  @Task()
  async sendReminder(email: WelcomeEmail): Promise<void> {
    await deliver(email.to, `${email.name}, your basket is waiting.`);
  }
}

/** Stands in for a mail server. */
async function deliver(_to: string, _text: string): Promise<void> {}
