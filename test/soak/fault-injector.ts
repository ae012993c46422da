import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '../support/rabbitmq/tcp-proxy';
import { breakChannel } from './break-channel';
import type { PlannedFault } from './fault-plan';
import { WINDOW } from './process-job';
import type { Records } from './records';
import type { MadeFault } from './recovery';
import type { Slot } from './slot';
import type { Stage } from './stage';

/** What is wrong between `begin` and `end`; what was hit, for people. */
interface Breakage {
  readonly target: string;
  readonly heal?: () => unknown;
}

const KILL_TIMEOUT_MS = 10_000;
/** A worker's stop timeout, and what a stop may take beyond it, with room for a busy machine. */
const TERMINATE_TIMEOUT_MS = 30_000;

/** Breaks things, holds them broken, and mends them. */
export class FaultInjector {
  constructor(
    private readonly stage: Stage,
    private readonly records: Records,
  ) {}

  async make(fault: PlannedFault): Promise<MadeFault> {
    const brokenAt = Date.now();
    const { target, heal } = await this.#break(fault);
    if (fault.holdMs > 0) await sleep(fault.holdMs);
    await heal?.();
    return { kind: fault.kind, target, brokenAt, healedAt: Date.now() };
  }

  #break({ kind, target }: PlannedFault): Promise<Breakage> | Breakage {
    const { broker } = this.stage;
    switch (kind) {
      case 'worker killed':
        return this.#kill(pick(this.stage.workers, target));
      case 'producer killed':
        return this.#kill(pick(this.stage.producers, target));
      case 'worker terminated':
        return this.#terminate(pick(this.stage.workers, target));
      case 'broker killed':
        return broker.kill().then(() => ({ target: 'broker', heal: () => broker.start() }));
      case 'broker stopped':
        return broker.stop().then(() => ({ target: 'broker', heal: () => broker.start() }));
      case 'broker suspended':
        return broker.suspend().then(() => ({ target: 'broker', heal: () => broker.resume() }));
      case 'connections closed':
        return broker.ctl('close_all_connections', 'soak').then(() => ({ target: 'broker' }));
      case 'channel closed':
        return this.#closeChannel(target);
      case 'memory alarm':
        return this.#alarm(['set_vm_memory_high_watermark', '0.000001'], ['set_vm_memory_high_watermark', '0.6']);
      case 'disk alarm':
        return this.#alarm(['set_disk_free_limit', '1000000GB'], ['set_disk_free_limit', '50MB']);
      case 'black hole':
        return this.#network(target, (proxy) => proxy.pause());
      case 'half-open':
        return this.#network(target, (proxy) => proxy.pauseServerToClient());
      case 'reset':
        return this.#network(target, (proxy) => proxy.cut());
    }
  }

  async #kill(slot: Slot): Promise<Breakage> {
    await slot.end('SIGKILL', KILL_TIMEOUT_MS);
    return { target: slot.name };
  }

  async #terminate(slot: Slot): Promise<Breakage> {
    const from = performance.now();
    const code = await slot.end('SIGTERM', TERMINATE_TIMEOUT_MS);
    this.records.terminated(slot.name, code, performance.now() - from);
    return { target: slot.name };
  }

  /** Whoever published on it publishes again what was not confirmed, and tells nobody: its connection lives on. */
  async #closeChannel(target: number): Promise<Breakage> {
    const channel = await breakChannel(this.stage.broker, target);
    if (!channel.consumes)
      this.records.take('soak', { kind: 'lost', at: Date.now(), what: 'confirms', atMost: WINDOW });
    return { target: channel.consumes ? 'one that consumes' : 'one without consumers' };
  }

  async #alarm(raise: readonly string[], clear: readonly string[]): Promise<Breakage> {
    await this.stage.broker.ctl(...raise);
    return { target: 'broker', heal: () => this.stage.broker.ctl(...clear) };
  }

  #network(target: number, act: (proxy: TcpProxy) => void): Breakage {
    // Workers have more to lose.
    const side = target < 0.7 ? 'workers' : 'producers';
    const proxy = this.stage.proxies[side];
    act(proxy);
    return { target: side, heal: () => proxy.resume() };
  }
}

function pick<T>(items: readonly T[], target: number): T {
  const item = items[Math.floor(target * items.length)];
  if (item === undefined) throw new Error('nothing to break');
  return item;
}
