// Registers a webhook, publishes and lists with the client that ogen generates.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"example.com/client/tidings"
)

const large int64 = 5_000_000_000

type bearer struct{}

func (bearer) Bearer(context.Context, tidings.OperationName) (tidings.Bearer, error) {
	return tidings.Bearer{Token: os.Getenv("TOKEN")}, nil
}

func main() {
	ctx := context.Background()
	client, err := tidings.NewClient(os.Getenv("TIDINGS_URL"), bearer{})
	check(err)

	url := "https://example.com/hook"
	registration := tidings.NewWebhook{EventTypes: []string{"sync.*"}}
	check(json.Unmarshal([]byte(`{"url": "`+url+`", "event_types": ["sync.*"]}`), &registration))
	registered, err := client.RegisterWebhook(ctx, &registration, tidings.RegisterWebhookParams{})
	check(err)
	webhook, ok := registered.(*tidings.WebhookWithSecret)
	if !ok {
		log.Fatalf("register: %#v", registered)
	}

	event := tidings.NewSyncCompletedEvent{
		Type: tidings.NewSyncCompletedEventTypeSyncCompleted,
		Data: tidings.NewSyncCompletedData{UserID: os.Getenv("OWNER"), ItemsSynced: large, DurationS: 12.4},
	}
	publish(ctx, client, tidings.NewNewSyncCompletedEventNewEvents(event))
	item := tidings.NewNewSyncCompletedEventNewEvent(event)
	publish(ctx, client, tidings.NewNewEventBatchNewEvents(tidings.NewEventBatch{Events: []tidings.NewEvent{item, item}}))

	listed, err := client.ListWebhooks(ctx, tidings.ListWebhooksParams{})
	check(err)
	if page, ok := listed.(*tidings.WebhookPage); !ok || page.Data[0].ID != webhook.ID {
		log.Fatalf("list: %#v", listed)
	}
	deliveries, err := client.ListDeliveries(ctx, tidings.ListDeliveriesParams{ID: webhook.ID, EventTypes: tidings.NewOptString("sync.completed,sync.failed")})
	check(err)
	if page, ok := deliveries.(*tidings.DeliveryPage); !ok || len(page.Data) != 3 {
		log.Fatalf("deliveries: %#v", deliveries)
	}
	events, err := client.ListEvents(ctx, tidings.ListEventsParams{Types: tidings.NewOptString("sync.*")})
	check(err)
	page, ok := events.(*tidings.EventPage)
	if !ok || len(page.Data) < 3 || string(page.Data[len(page.Data)-1].Data["items_synced"]) != "5000000000" {
		log.Fatalf("events: %#v", events)
	}
}

func publish(ctx context.Context, client *tidings.Client, events tidings.NewEvents) {
	published, err := client.PublishEvents(ctx, events, tidings.PublishEventsParams{})
	check(err)
	if _, ok := published.(*tidings.PublishEventsAccepted); !ok {
		log.Fatalf("publish: %#v", published)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
