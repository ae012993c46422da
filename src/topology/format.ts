import { printableJson } from '../text/printable';
import { formatDefinitions } from './format-definitions';
import { formatMermaid } from './format-mermaid';
import { formatText } from './format-text';
import type { Topology } from './topology';

/** `text`: tables for people. `json`: the plan as it is. `definitions`: what `rabbitmqctl import_definitions` reads. `mermaid`: a picture. */
export type TopologyFormat = 'text' | 'json' | 'definitions' | 'mermaid';

export interface FormatOptions {
  /**
   * The vhost that the definitions are for; other formats do not name one.
   * @defaultValue `/`
   */
  readonly vhost?: string;
}

/** Writes a topology down. Equal topologies give equal texts, which end with a line break. */
export function formatTopology(topology: Topology, format: TopologyFormat, options: FormatOptions = {}): string {
  switch (format) {
    case 'text':
      return formatText(topology);
    case 'json':
      return `${printableJson(JSON.stringify(topology, null, 2))}\n`;
    case 'definitions':
      return formatDefinitions(topology, options.vhost ?? '/');
    case 'mermaid':
      return formatMermaid(topology);
  }
}
