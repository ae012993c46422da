import { disposeSharedBrokers } from './global-setup';

// biome-ignore lint/style/noDefaultExport: it is what Jest calls
export default disposeSharedBrokers;
