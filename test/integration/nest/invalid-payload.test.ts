import { Controller, Injectable, Module, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { IsEmail } from 'class-validator';
import { defineTask, type TaskClient } from '../../../src';
import { embedBroker, InjectTaskClient, WarrenModule } from '../../../src/nest';

class Email {
  @IsEmail() to!: string;
}
const send = defineTask('emails.send', { queue: 'emails', payload: Email });

@Injectable()
class Mailer {
  constructor(@InjectTaskClient() private readonly client: TaskClient) {}
  send = (to: unknown) => this.client.enqueue(send, { to } as Email);
}

@Controller()
class Emails {
  constructor(private readonly mailer: Mailer) {}
  @Post() async create(): Promise<void> {
    await this.mailer.send('hunter2');
  }
}

@Module({ imports: [WarrenModule.forRoot({})], providers: [Mailer], controllers: [Emails] })
class AppModule {}

it('a payload that a controller passes on, and that does not fit, is a 400 with what is wrong, and no value', async () => {
  const module = await embedBroker(Test.createTestingModule({ imports: [AppModule] })).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  try {
    const response = await fetch(await app.getUrl(), { method: 'POST' });
    expect(response.status).toBe(400);
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({ statusCode: 400, message: expect.stringContaining('to: must be an email') });
    expect(body).not.toContain('hunter2');
  } finally {
    await app.close();
  }
});
