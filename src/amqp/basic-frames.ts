/** AMQP 0-9-1, 2.3.5: a frame is a type, a channel, a size, the payload and {@link FRAME_END}. */
export const METHOD_FRAME = 1;
export const HEADER_FRAME = 2;
export const BODY_FRAME = 3;
/** The type, the channel and the size. */
export const FRAME_HEADER_BYTES = 7;
export const FRAME_END = 0xce;

/** The class of what is published and delivered. */
export const BASIC = 60;

/** The property flags of the class `basic`, in the order in which their values follow. */
export const CONTENT_TYPE = 1 << 15;
export const CONTENT_ENCODING = 1 << 14;
export const HEADERS = 1 << 13;
export const DELIVERY_MODE = 1 << 12;
export const PRIORITY = 1 << 11;
export const CORRELATION_ID = 1 << 10;
export const REPLY_TO = 1 << 9;
export const EXPIRATION = 1 << 8;
export const MESSAGE_ID = 1 << 7;
export const TIMESTAMP = 1 << 6;
export const TYPE = 1 << 5;
export const USER_ID = 1 << 4;
export const APP_ID = 1 << 3;
export const CLUSTER_ID = 1 << 2;

/** The tag of a text in a table. */
export const LONG_STRING = 0x53;
