import java.util.List;
import java.util.stream.Stream;
import tidings.ApiClient;
import tidings.api.EventsApi;
import tidings.api.WebhooksApi;
import tidings.model.Accepted;
import tidings.model.DeliveryPage;
import tidings.model.Event;
import tidings.model.NewEvent;
import tidings.model.NewEventBatch;
import tidings.model.NewEvents;
import tidings.model.NewSyncCompletedData;
import tidings.model.NewSyncCompletedEvent;
import tidings.model.NewWebhook;
import tidings.model.WebhookWithSecret;

/** Registers a webhook, publishes and lists with the client that openapi-generator generates. */
class Main {
    private static final long LARGE = 5_000_000_000L;

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.setBasePath(System.getenv("TIDINGS_URL"));
        client.setBearerToken(System.getenv("TOKEN"));
        WebhooksApi webhooks = new WebhooksApi(client);
        EventsApi events = new EventsApi(client);

        NewWebhook registration = new NewWebhook().url(java.net.URI.create("https://example.com/hook")).eventTypes(List.of("sync.*"));
        WebhookWithSecret webhook = webhooks.registerWebhook(registration, null);
        check(webhook.getSecret().startsWith("whsec_"), webhook);

        NewSyncCompletedData data = new NewSyncCompletedData().userId(System.getenv("OWNER")).itemsSynced(LARGE).errors(0L).durationS(12.4);
        NewSyncCompletedEvent event = new NewSyncCompletedEvent().type(NewSyncCompletedEvent.TypeEnum.SYNC_COMPLETED).data(data);
        Accepted one = (Accepted) events.publishEvents(new NewEvents(event), null).getActualInstance();
        NewEventBatch batch = new NewEventBatch().events(List.of(new NewEvent(event), new NewEvent(event)));
        events.publishEvents(new NewEvents(batch), null);

        check(webhooks.listWebhooks(null, null).getData().stream().anyMatch(item -> item.getId().equals(webhook.getId())), "list");
        DeliveryPage deliveries = webhooks.listDeliveries(webhook.getId(), null, null, null, "sync.completed,sync.failed", null, null);
        check(deliveries.getData().size() == 3, deliveries);
        Stream<Event> found = events.listEvents(null, null, "sync.*", null, null, null).getData().stream().filter(item -> item.getId().equals(one.getId()));
        check(found.anyMatch(item -> ((Number) item.getData().get("items_synced")).longValue() == LARGE), "events");
    }

    private static void check(boolean isTrue, Object value) {
        if (!isTrue) throw new AssertionError(value);
    }
}
