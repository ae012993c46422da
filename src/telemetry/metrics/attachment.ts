/** An exporter that is attached while there are apps to export. Both can be called again. */
export interface Attachment {
  attach(): void;
  detach(): void;
}
