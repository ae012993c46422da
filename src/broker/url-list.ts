/**
 * The URLs of what may name several hosts: a list, or a text with commas between whole URLs. A comma within a URL stays,
 * since a password may hold one.
 */
export function listUrls(url: string | readonly string[]): readonly string[] {
  const texts = typeof url === 'string' ? [url] : url;
  return texts.flatMap((text) => text.split(/\s*,\s*(?=amqps?:\/\/)/));
}
