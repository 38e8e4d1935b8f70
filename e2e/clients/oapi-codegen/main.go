// Registers a webhook, publishes and lists with the client that oapi-codegen generates.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/client/tidings"
)

const large int64 = 5_000_000_000

func main() {
	ctx := context.Background()
	client, err := tidings.NewClientWithResponses(os.Getenv("TIDINGS_URL"), tidings.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
			return nil
		}))
	check(err)

	types := []string{"sync.*"}
	registered, err := client.RegisterWebhookWithResponse(ctx, nil, tidings.NewWebhook{Url: "https://example.com/hook", EventTypes: &types})
	check(err)
	if registered.JSON201 == nil {
		log.Fatalf("register: %s", registered.Body)
	}
	webhook := registered.JSON201

	event := tidings.NewSyncCompletedEvent{
		Type: "sync.completed",
		Data: tidings.NewSyncCompletedData{UserId: os.Getenv("OWNER"), ItemsSynced: large, DurationS: 12.4},
	}
	var body tidings.NewEvents
	check(body.FromNewSyncCompletedEvent(event))
	one, err := client.PublishEventsWithResponse(ctx, nil, body)
	check(err)
	if one.JSON202 == nil {
		log.Fatalf("publish: %s", one.Body)
	}
	accepted, err := one.JSON202.AsAccepted()
	check(err)

	var item tidings.NewEvent
	check(item.FromNewSyncCompletedEvent(event))
	check(body.FromNewEventBatch(tidings.NewEventBatch{Events: []tidings.NewEvent{item, item}}))
	batch, err := client.PublishEventsWithResponse(ctx, nil, body)
	check(err)
	if batch.JSON202 == nil {
		log.Fatalf("publish a batch: %s", batch.Body)
	}

	listed, err := client.ListWebhooksWithResponse(ctx, nil)
	check(err)
	if len(listed.JSON200.Data) == 0 || listed.JSON200.Data[0].Id != webhook.Id {
		log.Fatalf("list: %s", listed.Body)
	}
	filter, pattern := "sync.completed,sync.failed", "sync.*"
	deliveries, err := client.ListDeliveriesWithResponse(ctx, webhook.Id, &tidings.ListDeliveriesParams{EventTypes: &filter})
	check(err)
	if deliveries.JSON200 == nil || len(deliveries.JSON200.Data) != 3 {
		log.Fatalf("deliveries: %s", deliveries.Body)
	}
	events, err := client.ListEventsWithResponse(ctx, &tidings.ListEventsParams{Types: &pattern})
	check(err)
	for _, event := range events.JSON200.Data {
		if event.Id == accepted.Id && fmt.Sprintf("%.0f", event.Data["items_synced"]) == fmt.Sprint(large) {
			return
		}
	}
	log.Fatalf("events: %s", events.Body)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
