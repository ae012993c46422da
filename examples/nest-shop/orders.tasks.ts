import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { type Observable, tap } from 'rxjs';
import { DiscardTask } from 'warren';
import { Payload, switchToTask, Task, TaskQueue } from 'warren/nest';
import { PlacedOrder, placeOrder } from './contract';
import { Journal } from './journal';

class NothingToPay extends Error {}

const Tenant = createParamDecorator((_: unknown, context: ExecutionContext) => tenantOf(context));

const tenantOf = (host: ArgumentsHost): unknown => switchToTask(host).getTask().headers['tenant'];

/** An order of nobody goes to the dead-letter queue, and is not retried. */
@Injectable()
class KnownTenant implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return typeof tenantOf(context) === 'string';
  }
}

@Injectable()
class Timed implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { name } = switchToTask(context).getTask();
    return next.handle().pipe(tap(() => console.log(`timed ${name}`)));
  }
}

/** Says what an error means for the task. */
@Catch(NothingToPay)
class Free implements ExceptionFilter {
  catch(_error: NothingToPay): never {
    console.log('discarded a free order');
    throw new DiscardTask('nothing to pay');
  }
}

@TaskQueue('orders')
@UseGuards(KnownTenant)
@UseInterceptors(Timed)
@UseFilters(Free)
@Injectable()
export class OrderTasks {
  constructor(private readonly journal: Journal) {}

  @Task(placeOrder, { maxAttempts: 3 })
  async place(@Payload() order: PlacedOrder, @Tenant() tenant: string): Promise<void> {
    if (order.cents === 0) throw new NothingToPay();
    this.journal.write(`order ${order.orderId} of ${tenant}`);
  }
}
