import { SetMetadata } from '@nestjs/common';

export const CONNECTION_METADATA = 'warren:connection';

/** Says whose tasks a class has, where an application has several connections. @param connection - as in `forRoot({ connection })`. */
export const UseConnection = (connection: string): ClassDecorator => SetMetadata(CONNECTION_METADATA, connection);
